import { computed, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { query, readFilters, writeFilters, type CaseFilters } from '@/lib/filters'

/** What this screen's list and map are narrowed to. It lives in the address. */
export function useFilters() {
  const route = useRoute()
  const router = useRouter()
  const [own] = route.matched
  const current = shallowRef(readFilters(route.query))

  watch(
    () => route.query,
    (asked) => {
      if (route.matched[0] !== own) return // on the way to another screen
      const told = readFilters(asked)
      if (query(told) !== query(current.value)) current.value = told
    },
  )

  return computed<CaseFilters>({
    get: () => current.value,
    set: (filters) => {
      current.value = filters
      void router.replace({ path: route.path, query: writeFilters(filters) })
    },
  })
}
