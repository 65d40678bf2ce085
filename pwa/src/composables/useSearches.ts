import { Unavailable } from '@xunge/client'
import type { cases } from '@xunge/types'
import { ref, shallowRef } from 'vue'
import { useClient } from '@/client'
import { onlySet, type CaseFilters } from '@/lib/filters'
import { useNotice } from './useNotice'

type Search = cases.SavedSearch

/** Searches that I keep under a name, on the server. */
export function useSearches() {
  const client = useClient()
  const { say, complain, offerUndo } = useNotice()
  const searches = shallowRef<Search[]>([])
  const busy = ref(false)

  async function load(): Promise<void> {
    searches.value = await client
      .request<Search[]>('GET', '/cases/searches')
      .catch(() => searches.value)
  }

  /** True when it was done; else the person was told why not. */
  async function doing(change: () => Promise<unknown>): Promise<boolean> {
    busy.value = true
    try {
      await change()
      await load()
      return true
    } catch (error) {
      const offline = error instanceof Unavailable || !(error instanceof Error)
      complain(offline ? '现在没有网络，查询没有存下' : error.message)
      return false
    } finally {
      busy.value = false
    }
  }

  const post = (name: string, filters: CaseFilters) =>
    client.request<Search>('POST', '/cases/searches', { name, filters })
  const forget = ({ id }: Search) => client.request('DELETE', `/cases/searches/${id}`)

  async function keep(name: string, filters: CaseFilters): Promise<boolean> {
    const done = await doing(() => post(name.trim(), filters))
    if (done) say(`已保存查询“${name.trim()}”`)
    return done
  }

  async function rename(search: Search, name: string): Promise<boolean> {
    if (name.trim() === search.name) return true
    return doing(async () => {
      await post(name.trim(), onlySet(search.filters))
      await forget(search)
    })
  }

  async function remove(search: Search): Promise<void> {
    if (!(await doing(() => forget(search)))) return
    offerUndo(`已删除查询“${search.name}”`, () => {
      void doing(() => post(search.name, onlySet(search.filters)))
    })
  }

  void load()
  return { searches, busy, keep, rename, remove }
}
