import { readonly, shallowRef } from 'vue'
import { computed } from 'vue'

const waiting = shallowRef<ServiceWorker | null>(null)

/**
 * The service worker adds starting without network and nothing else, so it is fetched last:
 * the first screen does not compete with the precache.
 */
export function registerServiceWorker(onFlush: () => void): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  const register = () => setTimeout(() => void start(), 3_000)
  if (document.readyState === 'complete') register()
  else window.addEventListener('load', register, { once: true })
  navigator.serviceWorker.addEventListener('message', (event) => {
    if (event.data === 'flush-outbox') onFlush()
  })
}

async function start(): Promise<void> {
  let registration: ServiceWorkerRegistration
  try {
    registration = await navigator.serviceWorker.register('/sw.js')
  } catch {
    return // blocked or private mode: the page carries offline by itself
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
