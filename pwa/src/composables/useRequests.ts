import type { cases } from '@xunge/types'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import { useAsking } from './useAsking'
import { useReference } from './useReference'
import { useRefresh } from './useRefresh'
import { useSession } from './useSession'

/** Waiting for my word, asked by me, answered by me. */
export type RequestView = 'open' | 'mine' | 'answered'

/** Whether this post answers requests at some level of some flow. */
export function useMayReview() {
  const { flows } = useReference()
  const { can } = useSession()
  return computed(() =>
    flows.value.some(({ flow }) =>
      flow.requests.some(({ levels }) => levels.some(({ permission }) => can(permission))),
    ),
  )
}

/** Requests as the service lists them, and how many wait for this post. */
export function useRequests(view: Ref<RequestView>) {
  const client = useClient()
  const rows = shallowRef<cases.RequestRow[]>([])
  const next = ref<string | null>(null)
  const waiting = ref(0)
  const { loading, offline, error, ask } = useAsking()

  function load(more = false): Promise<void> {
    const query = new URLSearchParams({ view: view.value })
    if (more && next.value) query.set('after', next.value)
    return ask(
      () => client.request<cases.RequestList>('GET', `/cases/requests?${query}`),
      (page) => {
        rows.value = more ? [...rows.value, ...page.items] : page.items
        next.value = page.next
        waiting.value = page.open
      },
    )
  }

  watch(view, () => {
    loading.value = true
    rows.value = []
    void load()
  })
  // A longer list is left alone, so that nothing moves under the reader's thumb.
  useRefresh(() => {
    if (rows.value.length <= 30) void load()
  })
  void load()
  return { rows, next, waiting, loading, offline, error, load }
}

/** How many requests wait for this post's word; for a badge. */
export function useWaitingRequests() {
  const client = useClient()
  const may = useMayReview()
  const waiting = ref(0)

  async function load(): Promise<void> {
    if (!may.value) {
      waiting.value = 0
      return
    }
    try {
      const page = await client.request<cases.RequestList>(
        'GET',
        '/cases/requests?view=open&limit=1',
      )
      waiting.value = page.open
    } catch {
      // the list itself says why
    }
  }

  watch(may, () => void load(), { immediate: true })
  useRefresh(() => void load())
  return { may, waiting }
}
