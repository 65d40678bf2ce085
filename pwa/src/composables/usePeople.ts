import type { directory } from '@xunge/types'
import { shallowRef } from 'vue'
import { useClient } from '@/client'
import { useAsking } from './useAsking'

type Which = 'colleagues' | 'owners'

/** People the service names: to whom I may hand over, or who may own a case. */
export function usePeople(which: Which) {
  const people = shallowRef<directory.PersonView[]>([])
  const { loading, offline, error, ask } = useAsking()

  function load(): Promise<void> {
    loading.value = true
    return ask(
      () => useClient().request<directory.PersonView[]>('GET', `/people/${which}`),
      (found) => {
        people.value = found
      },
    )
  }

  void load()
  return { people, loading, offline, error, load }
}
