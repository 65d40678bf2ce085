import type { cases, catalogue, directory, labels, registry, tasks } from '@xunge/types'
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { useClient } from '@/client'

interface Kinds {
  area: directory.Area
  org: directory.Org
  post: directory.Post
  user: directory.User
  category: catalogue.Category
  flow: catalogue.FlowDocument
  form: catalogue.FormDocument
  target_group: catalogue.TargetGroup
  label: labels.Label
  case: cases.Case
  task: tasks.Task
  person: registry.PersonDocument
  'person.full': registry.PersonFull
  room: registry.RoomDocument
}

export interface Documents<T> {
  all: Readonly<ShallowRef<readonly T[]>>
  /** False until the store was read for the first time. */
  ready: Readonly<Ref<boolean>>
}

const known = new Map<string, Documents<unknown>>()

/** Every document of a kind that this device holds, kept fresh. */
export function useDocuments<K extends keyof Kinds>(kind: K): Documents<Kinds[K]> {
  const found = known.get(kind)
  if (found) return found as Documents<Kinds[K]>
  const { replica } = useClient()
  const read = () => replica.documents(kind) as readonly Kinds[K][]
  const all = shallowRef(read())
  const ready = ref(false)
  replica.subscribe([kind], () => (all.value = read()))
  replica.state.subscribe((state) => (ready.value = state.ready))
  const made = { all, ready }
  known.set(kind, made)
  return made
}
