import { computed } from 'vue'
import { recordIn } from '@/lib/commands'
import { type Mine, type RecordKind, type Shown, shownOf } from '@/lib/registry'
import { useDocuments } from './useDocuments'
import { once } from './useObservable'
import { useOutbox } from './useOutbox'
import { useSession } from './useSession'

/** The people and rooms this device holds, with what was said of them here. */
export const useRegistry = once(() => {
  const { session } = useSession()
  const { all: documents, ready } = useDocuments('person')
  const { all: wholes } = useDocuments('person.full')
  const { all: roomDocuments } = useDocuments('room')
  const { items } = useOutbox()

  /** What I said of each record and what was not refused, by kind and id, the oldest first. */
  const mine = computed(() => {
    const found = new Map<string, Mine[]>()
    for (const item of [...items.value].reverse()) {
      const said = recordIn(item)
      if (!said || item.state === 'refused' || item.state === 'replaced') continue
      const key = `${said.kind}/${said.id}`
      const delivered = item.receipt !== null
      const one = { id: item.id, said, delivered, version: item.receipt?.version ?? null }
      found.set(key, [...(found.get(key) ?? []), one])
    }
    return found
  })

  function mineOf(kind: RecordKind, id: string): Mine[] {
    return mine.value.get(`${kind}/${id}`) ?? []
  }

  function listOf(kind: RecordKind): Shown[] {
    const whole = new Map(wholes.value.map((each) => [each.id, each]))
    const held = kind === 'person' ? documents.value : roomDocuments.value
    const list = held.map((each) =>
      shownOf(kind, each.id, each, whole.get(each.id), mineOf(kind, each.id)),
    )
    const there = new Set(held.map(({ id }) => id))
    for (const [key, said] of mine.value) {
      const [of, id = ''] = key.split('/')
      const isNew = said.some(
        ({ said: { source }, delivered }) => source === 'record' && !delivered,
      )
      if (of === kind && isNew && !there.has(id))
        list.unshift(shownOf(kind, id, undefined, null, said))
    }
    return list
  }

  const people = computed(() => listOf('person'))
  const rooms = computed(() => listOf('room'))
  const byId = computed(
    () => new Map([...people.value, ...rooms.value].map((each) => [each.id, each])),
  )
  const roomById = computed(() => new Map(rooms.value.map((each) => [each.id, each])))
  /** Whether lists come from this device; desks with a whole county ask the service. */
  const held = computed(
    () => session.value?.buckets.some((bucket) => bucket.includes('/people.')) ?? false,
  )
  return {
    ready,
    people,
    rooms,
    held,
    mineOf,
    record: (id: string) => byId.value.get(id),
    room: (id: unknown) => roomById.value.get(String(id)),
    disputed: computed(
      () => [...people.value, ...rooms.value].filter(({ disputes }) => disputes.length).length,
    ),
  }
})
