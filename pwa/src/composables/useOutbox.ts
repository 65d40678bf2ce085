import { computed } from 'vue'
import { useClient } from '@/client'
import { once, useObservable } from './useObservable'

export type SyncState = 'sent' | 'waiting' | 'sending' | 'attention' | 'offline'

/** What this device recorded and where each item stands. */
export const useOutbox = once(() => {
  const { outbox, status: observed, sync } = useClient()
  const status = useObservable(observed)
  const items = useObservable(outbox.items)
  const waiting = computed(() => status.value.queued + status.value.sending)
  const attention = computed(() => status.value.needs_you)
  const state = computed<SyncState>(() => {
    if (attention.value > 0) return 'attention'
    if (!status.value.online) return 'offline'
    if (status.value.sending > 0) return 'sending'
    return waiting.value > 0 ? 'waiting' : 'sent'
  })

  return {
    items,
    state,
    waiting,
    attention,
    online: computed(() => status.value.online),
    expired: computed(() => status.value.session === 'expired'),
    syncedAt: computed(() => status.value.last_sync),
    retry: (id: string) => outbox.retry(id),
    flush: () => Promise.all([sync.flush(true), sync.pull()]),
  }
})
