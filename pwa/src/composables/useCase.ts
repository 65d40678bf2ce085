import { ApiError, Unavailable } from '@xunge/client'
import { available } from '@xunge/rules'
import { computed, ref, shallowRef, watch } from 'vue'
import { useClient } from '@/client'
import type { CaseDetail } from '@/lib/caseApi'
import { useReference } from './useReference'
import { useRefresh } from './useRefresh'
import { useReplica } from './useReplica'
import { useSession } from './useSession'

/** What only the service can tell. */
const alone: Omit<CaseDetail, 'case' | 'actions'> = {
  recommended: [],
  workers: [],
  awaited: [],
  reporter: null,
  target_groups: [],
  orgs: {},
  levels: {},
  forms: [],
}

/** One case with what this post may do with it: the server's word, else this device's own. */
export function useCase(id: () => string) {
  const client = useClient()
  const { caseOf } = useReplica()
  const { category, flow, flows, orgs } = useReference()
  const { session } = useSession()
  const answer = shallowRef<CaseDetail | null>(null)
  const loading = ref(true)
  const offline = ref(false)
  const error = ref<string | null>(null)

  const own = computed<CaseDetail | null>(() => {
    const held = caseOf(id())
    const by = held && flow(held.flow, held.flow_version)
    if (!held || !by || !session.value) return null
    const parents = Object.fromEntries(orgs.value.map(({ code, parent }) => [code, parent]))
    const known = { category: category(held.category), parents }
    const actions = available(by, held, session.value, known)
    return { ...alone, case: held, actions }
  })
  /** Without the city's tables a case would show bare codes: they are on their way. */
  const detail = computed(() => {
    if (flows.value.length === 0) return null
    const [told, held] = [answer.value, own.value]
    if (!told) return held
    return held && held.case.version > told.case.version ? held : told
  })

  async function load(): Promise<void> {
    const wanted = id()
    if (!wanted) return
    try {
      const got = await client.request<CaseDetail>('GET', `/cases/${wanted}`)
      if (wanted !== id()) return
      answer.value = got
      offline.value = false
      error.value = null
    } catch (problem) {
      if (wanted !== id()) return
      offline.value = problem instanceof Unavailable
      error.value = problem instanceof ApiError ? problem.message : null
    } finally {
      if (wanted === id()) loading.value = false
    }
  }

  watch(
    id,
    () => {
      answer.value = null
      loading.value = true
      void load()
    },
    { immediate: true },
  )
  useRefresh(() => void load())

  const waiting = computed(() => {
    const bare = flows.value.length === 0 && !offline.value && error.value === null
    return (loading.value || bare) && !detail.value
  })
  return { detail, loading: waiting, offline, error, load }
}
