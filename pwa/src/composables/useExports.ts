import { Unavailable } from '@xunge/client'
import type { cases, requests } from '@xunge/types'
import { computed, ref, shallowRef } from 'vue'
import { useClient } from '@/client'
import { useNotice } from './useNotice'
import { once } from './useObservable'

export type Export = cases.Export
type Kind = Export['kind']

const LOOK_MS = 2_000

const going = ({ state }: Export) => state === 'waiting' || state === 'making'

/** My exports in this post. Looked at again while one is being made, wherever I go in the app. */
export const useExports = once(() => {
  const client = useClient()
  const { say, complain } = useNotice()
  const exports = shallowRef<Export[]>([])
  const loading = ref(true)
  const offline = ref(false)
  const error = ref<string | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  function tell(before: Export[]): void {
    const waited = new Set(before.filter(going).map(({ id }) => id))
    for (const { id, state, error: why } of exports.value) {
      if (!waited.has(id)) continue
      if (state === 'ready') say('导出做好了，在“我的”里的“导出文件”下载')
      if (state === 'failed') complain(`导出没有做成：${why}`)
    }
  }

  async function load(): Promise<void> {
    clearTimeout(timer)
    const before = exports.value
    try {
      exports.value = await client.request<Export[]>('GET', '/cases/exports')
      offline.value = false
      error.value = null
      tell(before)
    } catch (problem) {
      offline.value = problem instanceof Unavailable
      error.value = offline.value || !(problem instanceof Error) ? null : problem.message
    } finally {
      loading.value = false
    }
    if (error.value === null && exports.value.some(going)) {
      timer = setTimeout(() => void load(), LOOK_MS)
    }
  }

  return {
    exports,
    loading,
    offline,
    error,
    /** Ready, and not yet fetched. */
    fresh: computed(
      () => exports.value.filter(({ state, fetched }) => state === 'ready' && !fetched).length,
    ),
    load,
    /** Throws what the server says against it. */
    ask: async (kind: Kind, filters: requests.AskExport['filters']) => {
      await client.request<Export>('POST', '/cases/exports', { kind, filters })
      say('正在导出，做好后会提醒您；这期间可以做别的')
      await load()
    },
    remove: async (id: string) => {
      try {
        await client.request('DELETE', `/cases/exports/${id}`)
      } catch (problem) {
        complain(problem instanceof Error ? problem.message : '没有删除成功，请重试')
      }
      await load()
    },
  }
})
