import { ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import type { CasePoint } from '@/components/map/points'
import type { MapPoints } from '@/lib/caseApi'
import { query, type CaseFilters } from '@/lib/filters'
import { useRefresh } from './useRefresh'

/** Cases as points from the server; `more` says that only the newest are there. */
export function useCasePoints(filters: Ref<CaseFilters>) {
  const client = useClient()
  const points = shallowRef<CasePoint[]>([])
  const more = ref(false)
  const failed = ref(false)
  let asked = 0

  async function load(): Promise<void> {
    const turn = ++asked
    try {
      const answer = await client.request<MapPoints>('GET', `/cases/map?${query(filters.value)}`)
      if (turn !== asked) return
      points.value = answer.points.map(pointOf)
      more.value = answer.more
      failed.value = false
    } catch {
      if (turn === asked) failed.value = true // the points that are there stay
    }
  }

  watch(filters, () => void load())
  useRefresh(() => void load())
  void load()
  return { points, more, failed }
}

function pointOf([id, x, y, yellow, due]: MapPoints['points'][number]): CasePoint {
  return {
    id,
    longitude: x / 1e6,
    latitude: y / 1e6,
    yellow_at: instant(yellow),
    due_at: instant(due),
  }
}

function instant(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString()
}
