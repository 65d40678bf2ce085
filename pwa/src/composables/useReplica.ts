import { computed } from 'vue'
import { useDocuments } from './useDocuments'
import { once } from './useObservable'

/** The cases this device holds. */
export const useReplica = once(() => {
  const { all: cases, ready } = useDocuments('case')
  const byId = computed(() => new Map(cases.value.map((each) => [each.id, each])))
  return { cases, ready, caseOf: (id: string) => byId.value.get(id) }
})
