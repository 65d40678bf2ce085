import { computed } from 'vue'
import { useClient } from '@/client'
import { once, useObservable } from './useObservable'

export type SyncState = 'sent' | 'waiting' | 'sending' | 'attention' | 'offline'

/** What this device recorded and where each item stands. */
export const useOutbox = once(() => {
  const { outbox, status: observed, sync, room } = useClient()
  const status = useObservable(observed)
  const items = useObservable(outbox.items)
  const mobileData = useObservable(outbox.mobileData)
  const waiting = computed(() => status.value.queued + status.value.sending)
  const attention = computed(() => status.value.needs_you)
  const expired = computed(() => status.value.session === 'expired')
  const state = computed<SyncState>(() => {
    if (attention.value > 0 || (expired.value && waiting.value > 0)) return 'attention'
    if (!status.value.online) return 'offline'
    if (status.value.sending > 0) return 'sending'
    return waiting.value > 0 ? 'waiting' : 'sent'
  })

  return {
    items,
    /** What only the service can read: of others, of before a wipe, out of files. */
    locked: useObservable(outbox.locked),
    state,
    waiting,
    attention,
    checking: computed(() => status.value.checking),
    /** Photos that wait for a network that does not cost. */
    wifi: computed(() => status.value.wifi),
    room: useObservable(room.state),
    mobileData: computed({
      get: () => mobileData.value,
      set: (what) => void outbox.allowMobileData(what),
    }),
    online: computed(() => status.value.online),
    expired,
    syncedAt: computed(() => status.value.last_sync),
    retry: (id: string) => outbox.retry(id),
    sendAnyway: (id?: string) => outbox.sendAnyway(id),
    flush: () => Promise.all([sync.flush(true), sync.pull()]),
  }
})
