import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** Bundles the phones for Node: `vite build -c tests/chaos/vite.config.ts --outDir …`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Node would get the build for files and streams; phones get this one.
  resolve: { alias: { 'tus-js-client': 'tus-js-client/lib.esm/browser/index.js' } },
  ssr: { noExternal: true },
  build: { ssr: 'phones.ts', emptyOutDir: true, minify: false },
  plugins: [
    {
      // The phones of the client's own tests talk to a server made up for them; these do not.
      name: 'no-made-up-server',
      enforce: 'pre',
      resolveId: (id) => (id === './server' ? '\0server' : null),
      load: (id) => (id === '\0server' ? 'export class Server {}' : null),
    },
  ],
})
