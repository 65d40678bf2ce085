import type { registry } from '@xunge/types'
import { computed } from 'vue'
import { useClient } from '@/client'
import { recordIn } from '@/lib/commands'
import { type Mine, type RecordKind, type Shown, shownOf } from '@/lib/registry'
import { useDocuments } from './useDocuments'
import { once } from './useObservable'
import { useOutbox } from './useOutbox'
import { useSession } from './useSession'

/**
 * The people and rooms this device holds, with what was said of them here. There may be twenty
 * thousand: lists are of ids, and a record is put together when it is shown.
 */
export const useRegistry = once(() => {
  const { replica } = useClient()
  const { session } = useSession()
  const { items } = useOutbox()
  const { all: people, ready } = useDocuments('person')
  const { all: wholes } = useDocuments('person.full')
  const { all: rooms } = useDocuments('room')

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

  function record(kind: RecordKind, id: string): Shown | undefined {
    const document = documentOf(kind, id)
    const said = mineOf(kind, id)
    if (!document && !isNew(said)) return undefined
    return shownOf(kind, id, document, kind === 'person' ? fullOf(id) : null, said)
  }

  /** Reading the list first has the caller follow it: the replica by itself tells nobody. */
  function documentOf(kind: RecordKind, id: string) {
    const known = kind === 'person' ? people.value : rooms.value
    const held = known.length > 0 ? replica.document(kind, id) : null
    return (held ?? undefined) as registry.PersonDocument | registry.RoomDocument | undefined
  }

  function fullOf(id: string): registry.PersonFull | null {
    return wholes.value.length > 0
      ? (replica.document('person.full', id) as registry.PersonFull | null)
      : null
  }

  const ids = {
    person: computed(() => idsOf('person', people.value)),
    room: computed(() => idsOf('room', rooms.value)),
  }

  /** Those that are only here come first. */
  function idsOf(kind: RecordKind, held: readonly { id: string }[]): string[] {
    const fresh = [...mine.value]
      .filter(([key, said]) => key.startsWith(`${kind}/`) && isNew(said))
      .map(([key]) => key.slice(kind.length + 1))
      .filter((id) => replica.document(kind, id) === null)
    return [...fresh.reverse(), ...held.map(({ id }) => id)]
  }

  /** Ids of a kind with every word of `text` somewhere in them, or in the address of a person's home. */
  function find(kind: RecordKind, text: string): string[] {
    if (!text.trim()) return ids[kind].value
    const found = new Set(heldWith(kind, text))
    if (kind === 'person') {
      for (const id of heldWith('person.full', text)) found.add(id)
      const homes = new Set<unknown>(find('room', text))
      for (const { id, room } of people.value) if (homes.has(room)) found.add(id)
    }
    return ids[kind].value.filter((id) => found.has(id) || says(kind, id, text))
  }

  function heldWith(kind: string, text: string): string[] {
    return (replica.find(kind, text, Infinity) as { id: string }[]).map(({ id }) => id)
  }

  function says(kind: RecordKind, id: string, text: string): boolean {
    if (!mine.value.has(`${kind}/${id}`)) return false
    return replica.matches(kind, record(kind, id)?.values, text)
  }

  const disputed = computed(() => {
    const of = (kind: RecordKind, list: readonly { id: string; disputes?: unknown[] }[]) =>
      list.filter(({ disputes }) => disputes?.length).map(({ id }) => ({ kind, id }))
    return [...of('person', people.value), ...of('room', rooms.value)]
  })

  return {
    ready,
    ids,
    find,
    record,
    mineOf,
    disputed,
    /** Whether lists come from this device; desks with a whole county ask the service. */
    held: computed(
      () => session.value?.buckets.some((bucket) => bucket.includes('/people.')) ?? false,
    ),
    residents: (room: string): Shown[] =>
      ids.person.value
        .filter((id) => {
          const person = replica.document('person', id) as registry.PersonDocument | null
          return person?.room === room || mine.value.has(`person/${id}`)
        })
        .map((id) => record('person', id))
        .filter((each): each is Shown => each?.values.room === room),
  }
})

/** Recorded here, and the service has not said that it knows. */
function isNew(said: readonly Mine[]): boolean {
  return said.some(({ said: { source }, delivered }) => source === 'record' && !delivered)
}
