import { defineConfig } from 'vitest/config'

const project = (name: string, root: string) => ({ extends: true as const, test: { name, root } })

export default defineConfig({
  // Node would get the build for files and streams; phones get this one.
  resolve: { alias: { 'tus-js-client': 'tus-js-client/lib.esm/browser/index.js' } },
  test: {
    // A time-out is for what hangs: a busy machine may take six times as long.
    testTimeout: 30_000,
    projects: [
      project('rules', 'shared-schemas/rules'),
      project('client', 'offline/client'),
      project('pwa', 'pwa'),
    ],
    server: { deps: { inline: ['tus-js-client'] } },
  },
})
