import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { isNavigationFailure, NavigationFailureType, useRoute, useRouter } from 'vue-router'
import { query, readFilters, writeFilters, type CaseFilters } from '@/lib/filters'

/** What this screen's list and map are narrowed to. It lives in the address. */
export function useFilters() {
  const route = useRoute()
  const router = useRouter()
  const [own] = route.matched
  const current = shallowRef(readFilters(route.query))
  // While another screen is being fetched, to write an address would call that way off.
  let leaving = false
  const stops = [
    router.beforeEach((to) => {
      leaving = to.matched[0] !== own
    }),
    router.afterEach((_to, _from, failure) => {
      leaving &&= isNavigationFailure(failure, NavigationFailureType.cancelled)
    }),
  ]
  onScopeDispose(() => {
    for (const stop of stops) stop()
  })

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
      if (!leaving) void router.replace({ path: route.path, query: writeFilters(filters) })
    },
  })
}
