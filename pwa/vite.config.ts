import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

const backend = process.env.XUNGE_BACKEND ?? 'http://127.0.0.1:8321'

export default defineConfig({
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      // Its other build speaks to browsers that we do not.
      dexie: 'dexie/dist/modern/dexie.mjs',
    },
  },
  server: { proxy: { '/api': backend, '/tiles': backend } },
  preview: { proxy: { '/api': backend, '/tiles': backend } },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 1200,
    // It prepares room for every predicate it has, of which we use one.
    rolldownOptions: {
      treeshake: { moduleSideEffects: (id) => !id.includes('robust-predicates') },
    },
  },
  worker: { format: 'es' },
  plugins: [
    vue(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/sw',
      filename: 'sw.ts',
      injectRegister: false,
      injectManifest: {
        globPatterns: ['**/*.{js,mjs,css,html,svg,png,webmanifest}'],
        maximumFileSizeToCacheInBytes: 4_000_000,
      },
      manifest: {
        name: '巡格 · 城市网格',
        short_name: '巡格',
        description: '上报、处置、办结，离线可用',
        lang: 'zh-CN',
        start_url: '/',
        display: 'standalone',
        background_color: '#eef3f2',
        theme_color: '#0b4f56',
        icons: [
          { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: '/icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
        shortcuts: [{ name: '上报', url: '/report' }],
      },
    }),
  ],
})
