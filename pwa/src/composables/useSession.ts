import { computed } from 'vue'
import { useClient } from '@/client'
import { once, useObservable } from './useObservable'

/** Permissions that make a post work on cases at a desk, besides reporting and answering tasks. */
const FIELD = new Set(['case.report', 'task.answer', 'person.unmask'])

function deviceName(): string {
  const agent = navigator.userAgent
  const system = /Android|iPhone|iPad|HarmonyOS|Windows|Mac OS|Linux/.exec(agent)?.[0] ?? '设备'
  const browser = /MicroMessenger|Edg|Firefox|Chrome|Safari/.exec(agent)?.[0] ?? '浏览器'
  return `${system} · ${browser}`
}

/** Who is signed in here, as which post, and what that post may do. */
export const useSession = once(() => {
  const { session: kept, sync } = useClient()
  const state = useObservable(kept.state)
  const session = computed(() => state.value.view)
  const post = computed(() => session.value?.posts.find((each) => each.id === session.value?.post))
  const atDesk = computed(
    () =>
      session.value?.permissions.some((each) => each.startsWith('case.') && !FIELD.has(each)) ??
      false,
  )

  return {
    session,
    post,
    atDesk,
    expired: computed(() => state.value.expired),
    can: (permission: string) => session.value?.permissions.includes(permission) ?? false,
    signIn: async (name: string, password: string, { forgot = false } = {}) => {
      await kept.signIn(name, password, deviceName(), { forgot })
      void Promise.all([sync.flush(true), sync.pull()])
    },
    switchPost: async (id: string) => {
      await kept.switchPost(id)
      void sync.pull()
    },
    changePassword: (old: string, fresh: string) => kept.changePassword(old, fresh),
    signOut: () => kept.signOut(),
  }
})
