import { Unavailable } from '@xunge/client'
import type { directory } from '@xunge/types'
import { ref, shallowRef } from 'vue'
import { useClient } from '@/client'

type Which = 'colleagues' | 'owners'

/** People the service names: to whom I may hand over, or who may own a case. */
export function usePeople(which: Which) {
  const people = shallowRef<directory.PersonView[]>([])
  const loading = ref(true)
  const offline = ref(false)
  const error = ref<string | null>(null)

  async function load(): Promise<void> {
    loading.value = true
    try {
      people.value = await useClient().request<directory.PersonView[]>('GET', `/people/${which}`)
      offline.value = false
      error.value = null
    } catch (problem) {
      offline.value = problem instanceof Unavailable
      error.value = offline.value || !(problem instanceof Error) ? null : problem.message
    } finally {
      loading.value = false
    }
  }

  void load()
  return { people, loading, offline, error, load }
}
