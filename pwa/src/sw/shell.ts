import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
} from 'workbox-precaching'
import type { PrecacheEntry } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

/** Every file of the app from the cache; every address of the app from its one page. */
export function answerFromShell(manifest: (PrecacheEntry | string)[]): void {
  cleanupOutdatedCaches()
  precacheAndRoute(manifest)
  registerRoute(
    new NavigationRoute(createHandlerBoundToURL('/index.html'), {
      denylist: [/^\/api\//, /^\/tiles\//, /^\/(health|ready|metrics|schema|docs)/],
    }),
  )
}
