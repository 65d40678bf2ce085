import type { registry } from '@xunge/types'
import { computed, shallowRef, watch } from 'vue'
import { useClient } from '@/client'
import { type RecordKind, type Shown, shownOf } from '@/lib/registry'
import { useAsking } from './useAsking'
import { useRefresh } from './useRefresh'
import { useRegistry } from './useRegistry'

/** One person or room: this device's own, or the service's word where it is newer or whole. */
export function useRecord(kind: () => RecordKind, id: () => string) {
  const client = useClient()
  const { record, mineOf } = useRegistry()
  const { loading, offline, error, ask } = useAsking()
  const person = shallowRef<registry.PersonDetail | null>(null)
  const room = shallowRef<registry.RoomDocument | null>(null)
  const revealed = shallowRef<registry.PersonFull | null>(null)

  const told = computed<Shown | null>(() => {
    const mine = mineOf(kind(), id())
    if (kind() === 'room') {
      return room.value && shownOf('room', id(), room.value, null, mine)
    }
    const detail = person.value
    if (!detail) return null
    return shownOf('person', id(), detail.person, detail.full ?? revealed.value, mine)
  })
  const shown = computed<Shown | null>(() => {
    const held = record(kind(), id())
    const answer = told.value
    if (!held || !answer) return held ?? answer
    const better =
      answer.version > held.version || (answer.version === held.version && answer.whole)
    return better ? answer : held
  })

  async function load(): Promise<void> {
    if (!id()) return
    if (kind() === 'room') {
      await ask(
        () => client.request<registry.RoomDocument>('GET', `/registry/rooms/${id()}`),
        (answer) => (room.value = answer),
      )
    } else {
      await ask(
        () => client.request<registry.PersonDetail>('GET', `/registry/people/${id()}`),
        (answer) => (person.value = answer),
      )
    }
  }

  async function reveal(reason: string): Promise<void> {
    revealed.value = await client.request<registry.PersonFull>(
      'POST',
      `/registry/people/${id()}/reveal`,
      { reason },
    )
  }

  watch(
    id,
    () => {
      person.value = null
      room.value = null
      revealed.value = null
      void load()
    },
    { immediate: true },
  )
  useRefresh(() => void load())

  return {
    shown,
    /** Where a person lives, when this device does not hold the room. */
    home: computed(() => {
      const { person: there, home } = person.value ?? {}
      return there?.room === shown.value?.values.room ? home : null
    }),
    loading: computed(() => loading.value && !shown.value),
    offline,
    error: computed(() => (shown.value ? null : error.value)),
    load,
    reveal,
  }
}
