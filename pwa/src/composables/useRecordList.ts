import type { registry, requests } from '@xunge/types'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import { type RecordKind, type Shown, shownOf } from '@/lib/registry'
import { useAsking } from './useAsking'
import { useRefresh } from './useRefresh'
import { useRegistry } from './useRegistry'

export type ListName = RecordKind | 'disputed'

const SHOWN = 50

/** A list of people or rooms: from this device when it holds them, else from the service. */
export function useRecordList(name: Ref<ListName>, text: Ref<string>) {
  const client = useClient()
  const { find, record, disputed, held, ready, mineOf } = useRegistry()
  const { loading, offline, error, ask } = useAsking()
  const answered = shallowRef<Shown[]>([])
  const next = ref<string | null>(null)
  const most = ref(SHOWN)

  const found = computed<{ kind: RecordKind; id: string }[]>(() => {
    if (name.value !== 'disputed') {
      const kind = name.value
      return find(kind, text.value).map((id) => ({ kind, id }))
    }
    const named = new Set([...find('person', text.value), ...find('room', text.value)])
    return disputed.value.filter(({ id }) => named.has(id))
  })
  const shown = computed(() =>
    found.value
      .slice(0, most.value)
      .map(({ kind, id }) => record(kind, id))
      .filter((each): each is Shown => each !== undefined),
  )

  async function page(kind: RecordKind, after: string | null): Promise<[Shown[], string | null]> {
    const by: requests.FindRecords = {
      text: text.value.trim(),
      disputed: name.value === 'disputed',
      after,
    }
    if (kind === 'room') {
      const { items, next: more } = await client.request<registry.RoomPage>(
        'POST',
        '/registry/rooms/find',
        by,
      )
      return [
        items.map((each) => shownOf('room', each.id, each, null, mineOf('room', each.id))),
        more,
      ]
    }
    const answer = await client.request<registry.PersonPage>('POST', '/registry/people/find', by)
    const list = answer.items.map((each) =>
      shownOf('person', each.id, each, null, mineOf('person', each.id)),
    )
    return [list, answer.next]
  }

  async function load(more = false): Promise<void> {
    if (held.value) {
      most.value = more ? most.value + SHOWN : most.value
      return
    }
    await ask(
      async () => {
        const [list, after] = await page(
          name.value === 'room' ? 'room' : 'person',
          more ? next.value : null,
        )
        const others = name.value === 'disputed' && !more ? (await page('room', null))[0] : []
        return { list: [...list, ...others], after }
      },
      ({ list, after }) => {
        answered.value = more ? [...answered.value, ...list] : list
        next.value = after
      },
    )
  }

  watch([name, text, held], () => {
    most.value = SHOWN
    answered.value = []
    next.value = null
    loading.value = true
    void load()
  })
  useRefresh(() => {
    if (answered.value.length <= 20) void load()
  })
  void load()

  return {
    rows: computed(() => (held.value ? shown.value : answered.value)),
    more: computed(() => (held.value ? found.value.length > most.value : next.value !== null)),
    count: computed(() => (held.value ? found.value.length : null)),
    loading: computed(() => (held.value ? !ready.value : loading.value)),
    offline: computed(() => !held.value && offline.value),
    error: computed(() => (held.value ? null : error.value)),
    load,
  }
}
