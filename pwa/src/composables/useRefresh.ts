import { onScopeDispose } from 'vue'
import { useClient } from '@/client'

const EVERY_MS = 20_000
const TOGETHER_MS = 1_000

/**
 * Calls `refresh` when what a desk looks at may have changed: one of my own acts arrived, the
 * server said so, the page is looked at again, and every 20 s while it is.
 */
export function useRefresh(refresh: () => void): void {
  const { outbox, replica, sync } = useClient()
  let heard = sync.signals.value
  let soon: ReturnType<typeof setTimeout> | null = null
  let before = -1
  const stops = [
    outbox.items.subscribe((items) => {
      const arrived = items.filter(({ receipt }) => receipt !== null).length
      const whole = items.filter(({ state }) => state === 'sent').length
      const now = arrived + whole
      if (before >= 0 && now !== before) refresh()
      before = now
    }),
    replica.subscribe(['case', 'task'], refresh),
    // Many signals a second are one look.
    sync.signals.subscribe((now) => {
      if (now === heard) return
      heard = now
      soon ??= setTimeout(() => {
        soon = null
        refresh()
      }, TOGETHER_MS)
    }),
  ]
  const looked = () => {
    if (document.visibilityState === 'visible') refresh()
  }
  const timer = setInterval(looked, EVERY_MS)
  document.addEventListener('visibilitychange', looked)
  addEventListener('online', looked)
  onScopeDispose(() => {
    for (const stop of stops) stop()
    clearInterval(timer)
    if (soon !== null) clearTimeout(soon)
    document.removeEventListener('visibilitychange', looked)
    removeEventListener('online', looked)
  })
}
