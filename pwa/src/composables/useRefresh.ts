import { onScopeDispose } from 'vue'
import { useClient } from '@/client'

const EVERY_MS = 20_000

/**
 * Calls `refresh` when what a desk looks at may have changed: one of my own acts arrived, the
 * server said so, the page is looked at again, and every 20 s while it is.
 */
export function useRefresh(refresh: () => void): void {
  const { outbox, replica } = useClient()
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
    document.removeEventListener('visibilitychange', looked)
    removeEventListener('online', looked)
  })
}
