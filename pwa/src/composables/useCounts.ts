import { ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import type { Counts } from '@/lib/caseApi'
import { query, type CaseFilters } from '@/lib/filters'
import { useRefresh } from './useRefresh'

/** This post's boxes with how many of the cases that the filters name stand in each, live; `total`
 *  is all that the list would show, null until it is known.
 */
export function useCounts(filters?: Ref<CaseFilters>) {
  const client = useClient()
  const boxes = shallowRef<Counts['boxes']>([])
  const total = ref<number | null>(null)
  let asked = 0

  async function load(): Promise<void> {
    const turn = ++asked
    try {
      const path = `/cases/counts?${query(filters?.value ?? {})}`
      const counts = await client.request<Counts>('GET', path)
      if (turn !== asked) return
      boxes.value = counts.boxes
      total.value = counts.total
    } catch {
      // the list beside it says why
    }
  }

  if (filters) {
    watch(filters, () => {
      total.value = null
      void load()
    })
  }
  useRefresh(() => void load())
  void load()
  return { boxes, total }
}
