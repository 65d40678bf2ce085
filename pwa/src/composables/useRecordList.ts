import type { registry, requests } from '@xunge/types'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import { type RecordKind, roomText, type Shown, shownOf } from '@/lib/registry'
import { useAsking } from './useAsking'
import { useRefresh } from './useRefresh'
import { useRegistry } from './useRegistry'

export type ListName = RecordKind | 'disputed'

const SHOWN = 50

/** A list of people or rooms: from this device when it holds them, else from the service. */
export function useRecordList(name: Ref<ListName>, text: Ref<string>) {
  const client = useClient()
  const { people, rooms, held, ready, room, mineOf } = useRegistry()
  const { loading, offline, error, ask } = useAsking()
  const answered = shallowRef<Shown[]>([])
  const next = ref<string | null>(null)
  const most = ref(SHOWN)

  const found = computed(() => {
    const word = text.value.trim()
    const all = name.value === 'room' ? rooms.value : people.value
    const disputed = [...people.value, ...rooms.value].filter(({ disputes }) => disputes.length)
    return (name.value === 'disputed' ? disputed : all).filter((each) => matches(each, word))
  })

  function matches({ kind, values }: Shown, word: string): boolean {
    if (!word) return true
    const home = kind === 'room' ? values : room(values.room)?.values
    const parts = [values.name, values.number, values.phone, home && roomText(home)]
    return parts.some((part) => String(part ?? '').includes(word))
  }

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
    rows: computed(() => (held.value ? found.value.slice(0, most.value) : answered.value)),
    more: computed(() => (held.value ? found.value.length > most.value : next.value !== null)),
    count: computed(() => (held.value ? found.value.length : null)),
    loading: computed(() => (held.value ? !ready.value : loading.value)),
    offline: computed(() => !held.value && offline.value),
    error: computed(() => (held.value ? null : error.value)),
    load,
  }
}
