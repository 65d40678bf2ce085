import { ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import type { CaseList, CaseRow } from '@/lib/caseApi'
import { query, type CaseFilters } from '@/lib/filters'
import { useAsking } from './useAsking'
import { useRefresh } from './useRefresh'

/** A list of cases from the server: narrowed, paged, and fresh while it is looked at. */
export function useCaseList(filters: Ref<CaseFilters>) {
  const client = useClient()
  const rows = shallowRef<CaseRow[]>([])
  const next = ref<string | null>(null)
  const { loading, offline, error, ask } = useAsking()

  function load(more = false): Promise<void> {
    const text = query(filters.value, more && next.value ? { after: next.value } : {})
    return ask(
      () => client.request<CaseList>('GET', `/cases?${text}`),
      (page) => {
        rows.value = more ? [...rows.value, ...page.items] : page.items
        next.value = page.next
      },
    )
  }

  watch(filters, () => {
    loading.value = true
    rows.value = [] // of other conditions: without a network they would stay for these
    next.value = null
    void load()
  })
  // A longer list is left alone, so that nothing moves under the reader's thumb.
  useRefresh(() => {
    if (rows.value.length <= 30) void load()
  })
  void load()

  return { rows, next, loading, offline, error, load }
}
