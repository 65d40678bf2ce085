import { ref, shallowRef, watch } from 'vue'
import { useClient } from '@/client'
import { useAsking } from './useAsking'

const TYPING_MS = 300

/** Loads something from the service, and says why when it cannot. */
export function useLoading<T>(empty: T, fetch: () => Promise<T>) {
  const value = shallowRef<T>(empty)
  const { ask, ...state } = useAsking()

  function load(): Promise<void> {
    state.loading.value = true
    return ask(fetch, (found) => {
      value.value = found
    })
  }
  return { value, ...state, load }
}

/** A list on the service, searched and page by page; another `path` begins anew. */
export function usePages<T extends { total: number }>(
  empty: T,
  path: () => string,
  about: () => Record<string, string> = () => ({}),
) {
  const client = useClient()
  const q = ref('')
  const page = ref(1)
  const { value: list, ...state } = useLoading<T>(empty, () => {
    const query = new URLSearchParams({ ...about(), q: q.value, page: String(page.value) })
    return client.request('GET', `${path()}?${query}`)
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => [path(), ...Object.values(about())].join(),
    () => {
      list.value = empty
      q.value = ''
      page.value = 1
      void state.load()
    },
  )
  watch(q, () => {
    page.value = 1
    clearTimeout(timer)
    timer = setTimeout(() => void state.load(), TYPING_MS)
  })
  watch(page, () => void state.load())
  void state.load()
  return { list, q, page, ...state }
}
