import type { cases, catalogue, directory } from '@xunge/types'
import { covers, findGrid } from '@xunge/rules'
import { computed } from 'vue'
import { cityDay } from '../lib/time'
import { useDocuments } from './useDocuments'
import { once } from './useObservable'
import { useSession } from './useSession'

type Area = directory.Area

function index<T>(list: readonly T[], key: (each: T) => string): Map<string, T> {
  return new Map(list.map((each) => [key(each), each]))
}

/** The city's tables as this device holds them, and names for their codes. */
export const useReference = once(() => {
  const { session } = useSession()
  const { all: areas } = useDocuments('area')
  const { all: orgs } = useDocuments('org')
  const { all: users } = useDocuments('user')
  const { all: categories } = useDocuments('category')
  const { all: flows } = useDocuments('flow')
  const { all: forms } = useDocuments('form')
  const { all: posts } = useDocuments('post')
  const { all: targetGroups } = useDocuments('target_group')
  const { all: labels } = useDocuments('label')

  const areaByCode = computed(() => index(areas.value, (area) => area.code))
  const orgByCode = computed(() => index(orgs.value, (org) => org.code))
  const userById = computed(() => index(users.value, (user) => user.id))
  const categoryByCode = computed(() => index(categories.value, (each) => each.code))
  const postById = computed(() => index(posts.value, (post) => post.id))
  const labelByCode = computed(() => index(labels.value, (label) => label.code))
  /** By code and by code with version; a bare code gives the newest. */
  const flowByCode = computed(() => {
    const inOrder = [...flows.value].sort((a, b) => a.flow.version - b.flow.version)
    return new Map(
      inOrder.flatMap(({ flow }) => [
        [flow.code, flow] as const,
        [`${flow.code} ${flow.version}`, flow] as const,
      ]),
    )
  })
  const formByCode = computed(() => {
    const inOrder = [...forms.value].sort((a, b) => a.form.version - b.form.version)
    return new Map(
      inOrder.flatMap(({ form }) => [
        [form.code, form] as const,
        [`${form.code} ${form.version}`, form] as const,
      ]),
    )
  })
  const states = computed(() => {
    return index(
      flows.value.flatMap(({ flow }) => flow.states),
      (state) => state.code,
    )
  })
  const actions = computed(() => {
    return index(
      flows.value.flatMap(({ flow }) => flow.actions),
      (action) => action.code,
    )
  })

  const grids = computed(() => {
    const today = cityDay(Date.now())
    return areas.value.filter(
      ({ polygon, valid_from, valid_to }) =>
        polygon !== null && valid_from <= today && (valid_to === null || today <= valid_to),
    )
  })
  const myGrids = computed(() => {
    const paths = session.value?.areas ?? []
    return grids.value.filter((grid) => covers(paths, grid.path))
  })

  /** Worth drawing apart: nothing, when all of the county is mine. */
  const markedGrids = computed(() => {
    return myGrids.value.length < grids.value.length ? myGrids.value : []
  })

  function gridAt({ longitude, latitude }: Pick<cases.Position, 'longitude' | 'latitude'>) {
    return findGrid(grids.value, [longitude, latitude])
  }

  /** The names over a place, from town to grid, without the county. */
  function places(area: Area): string[] {
    const names: string[] = []
    for (let each: Area | undefined = area; each;) {
      if (!names[0]?.startsWith(each.name)) names.unshift(each.name)
      each = each.parent === null ? undefined : areaByCode.value.get(each.parent)
      if (each?.parent === null || names.length > 6) break
    }
    return names
  }

  return {
    categories,
    orgs,
    users,
    areas,
    grids,
    myGrids,
    markedGrids,
    gridAt,
    places,
    category: (code: string): catalogue.Category | undefined => categoryByCode.value.get(code),
    area: (code: string) => areaByCode.value.get(code),
    flows,
    targetGroups,
    labels,
    /** The flow that a case runs by; without a version the newest of that code. */
    flow: (code: string, version?: number): catalogue.Flow | undefined =>
      flowByCode.value.get(`${code} ${version}`) ?? flowByCode.value.get(code),
    /** A form by its version; without one the newest of that code. */
    form: (code: string, version?: number): catalogue.Form | undefined =>
      formByCode.value.get(version === undefined ? code : `${code} ${version}`),
    post: (id: string) => postById.value.get(id),
    label: (code: string) => labelByCode.value.get(code),
    categoryName: (code: string) => categoryByCode.value.get(code)?.name ?? code,
    orgName: (code: string) => orgByCode.value.get(code)?.name ?? code,
    userName: (id: string) => userById.value.get(id)?.name ?? '同事',
    areaName: (code: string) => areaByCode.value.get(code)?.name ?? code,
    isEnded: (code: string) => (states.value.get(code)?.ending ?? null) !== null,
    /** Two flows may call a state of one code by different names. */
    stateName: (code: string, flow?: string) =>
      flowByCode.value.get(flow ?? '')?.states.find((state) => state.code === code)?.name ??
      states.value.get(code)?.name ??
      code,
    actionName: (code: string) =>
      code === 'report' ? '上报' : (actions.value.get(code)?.name ?? code),
  }
})
