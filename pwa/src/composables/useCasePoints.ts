import { ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import { query, type CaseFilters, type MapPoints } from '@/lib/caseApi'
import { useRefresh } from './useRefresh'

/** Cases as points from the server; `more` says that only the newest are there. */
export function useCasePoints(filters: Ref<CaseFilters>) {
  const client = useClient()
  const points = shallowRef<MapPoints['points']>([])
  const more = ref(false)
  let asked = 0

  async function load(): Promise<void> {
    const turn = ++asked
    try {
      const answer = await client.request<MapPoints>('GET', `/cases/map?${query(filters.value)}`)
      if (turn !== asked) return
      points.value = answer.points
      more.value = answer.more
    } catch {
      // the points that are there stay
    }
  }

  watch(filters, () => void load(), { deep: true })
  useRefresh(() => void load())
  void load()
  return { points, more }
}
