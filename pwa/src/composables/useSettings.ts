import type { settings } from '@xunge/types'
import { computed, ref, shallowRef, type Ref } from 'vue'
import { useClient } from '@/client'
import {
  MOST_BYTES,
  groupOf,
  type Cells,
  type Kind,
  type Preview,
  type RowsChange,
} from '@/lib/settings'
import { useLoading, usePages } from './usePages'
import { useReference } from './useReference'

/** What can be set, with how much of it there is. */
export function useKinds() {
  const client = useClient()
  const { value: kinds, ...state } = useLoading<Kind[]>([], () =>
    client.request('GET', '/settings/kinds'),
  )
  void state.load()
  return { kinds, ...state }
}

/** Rows of one kind, searched and page by page. */
export const useRows = (kind: Ref<string>) =>
  usePages<settings.RowList>({ rows: [], total: 0 }, () => `/settings/${kind.value}`)

export function useHistory(kind: string, entity: string) {
  const client = useClient()
  const { value: entries, ...state } = useLoading<settings.HistoryEntry[]>([], () =>
    client.request('GET', `/settings/${kind}/${entity}/history`),
  )
  void state.load()
  return { entries, ...state }
}

/** Preview, then write exactly what was previewed: rows from a form, or a whole file. */
export function useChange() {
  const client = useClient()
  const preview = shallowRef<Preview | null>(null)
  const busy = ref(false)
  const error = ref('')

  async function attempt<T>(send: () => Promise<T>): Promise<T | null> {
    busy.value = true
    error.value = ''
    try {
      return await send()
    } catch (problem) {
      error.value = problem instanceof Error ? problem.message : '没有成功，请重试'
      return null
    } finally {
      busy.value = false
    }
  }

  function form(file: File): FormData | null {
    if (file.size > MOST_BYTES) {
      error.value = '文件不能超过 5 MB，请分成几个文件'
      return null
    }
    const body = new FormData()
    body.append('file', file)
    return body
  }

  const count = async (send: Promise<settings.Applied>) => (await send).count
  return {
    preview,
    busy,
    error,
    /** Nothing wrong, and something to do. */
    ready: computed(() => preview.value?.findings.length === 0 && preview.value.count > 0),
    previewRows: async (change: RowsChange) => {
      preview.value = await attempt(() => client.request('POST', '/settings/preview', change))
    },
    applyRows: (change: RowsChange) =>
      attempt(() =>
        count(client.request('POST', '/settings/apply', { ...change, plan: preview.value?.plan })),
      ),
    previewFile: async (file: File) => {
      preview.value = null
      const body = form(file)
      if (body)
        preview.value = await attempt(() => client.request('POST', '/settings/files/preview', body))
    },
    applyFile: (file: File) => {
      const plan = encodeURIComponent(preview.value?.plan ?? '')
      return attempt(() =>
        count(client.request('POST', `/settings/files/apply?plan=${plan}`, form(file))),
      )
    },
  }
}

/** All rows that are stored together with one, itself included: they are written together. */
export function useSiblings() {
  const client = useClient()
  return async (kind: Kind, cells: Cells): Promise<Cells[]> => {
    const query = new URLSearchParams({ q: groupOf(kind, cells) })
    const list = await client.request<settings.RowList>('GET', `/settings/${kind.code}?${query}`)
    return list.rows
      .map((row) => row.cells)
      .filter((each) => groupOf(kind, each) === groupOf(kind, cells))
  }
}

/** Codes that a column may hold, with their names; empty when the device does not hold them. */
export function useNames() {
  const { orgs, areas, categories, flows } = useReference()
  const named = (list: readonly { code: string; name: string }[]) =>
    new Map(list.map(({ code, name }) => [code, name]))
  const tables = computed(
    () =>
      new Map([
        ['部门', named(orgs.value)],
        ['区划', named(areas.value)],
        ['类别', named(categories.value)],
        ['流程', named(flows.value.map(({ flow }) => flow))],
      ]),
  )
  return {
    choices: (sheet: string) => tables.value.get(sheet) ?? new Map<string, string>(),
    nameOf: (sheet: string, code: string) => tables.value.get(sheet)?.get(code) ?? '',
  }
}
