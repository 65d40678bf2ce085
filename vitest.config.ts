import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['shared-schemas/rules', 'offline/client'],
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
