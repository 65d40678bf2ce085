import { readonly, shallowRef } from 'vue'
import { computed } from 'vue'

const waiting = shallowRef<ServiceWorker | null>(null)

/**
 * The service worker adds starting without network and nothing else, so it is fetched last:
 * the first screen does not compete with the precache.
 */
export function registerServiceWorker(onFlush: () => void): void {
  if (import.meta.env.DEV) return
  const possible = 'serviceWorker' in navigator
  const begin = () => setTimeout(() => void (possible ? start() : fetchAhead()), 3_000)
  if (document.readyState === 'complete') begin()
  else window.addEventListener('load', begin, { once: true })
  if (!possible) return
  navigator.serviceWorker.addEventListener('message', (event) => {
    if (event.data === 'flush-outbox') onFlush()
  })
}

interface Waking extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> }
}

/** Asks the browser to wake this page when the network is back, where it can (Background Sync). */
export async function askToBeWoken(): Promise<void> {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return
  const registration = (await navigator.serviceWorker.getRegistration()) as Waking | undefined
  await registration?.sync?.register('outbox').catch(() => undefined)
}

const later = import.meta.glob([
  '../screens/*Screen.vue',
  '!../screens/{Home,Map,Report,SignIn}Screen.vue',
  '../components/report/WhoStep.vue',
  '../lib/overlays.ts',
])

/** What an open page may need without network: all but the map, which is large, and the first. */
async function fetchAhead(): Promise<void> {
  await Promise.allSettled(Object.values(later).map((fetchPart) => fetchPart()))
}

async function start(): Promise<void> {
  let registration: ServiceWorkerRegistration
  try {
    registration = await navigator.serviceWorker.register('/sw.js')
  } catch {
    return fetchAhead() // blocked or private mode: the page carries offline by itself
  }
  if (registration.waiting && navigator.serviceWorker.controller) {
    waiting.value = registration.waiting
  }
  registration.addEventListener('updatefound', () => {
    const coming = registration.installing
    coming?.addEventListener('statechange', () => {
      if (coming.state === 'installed' && navigator.serviceWorker.controller) waiting.value = coming
    })
  })
}

function takeOver(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
    once: true,
  })
  waiting.value?.postMessage('take-over')
}

export function useServiceWorker() {
  return { updateReady: readonly(computed(() => waiting.value !== null)), takeOver }
}
