import { computed } from 'vue'
import { actIn } from '@/lib/commands'
import { useDocuments } from './useDocuments'
import { once } from './useObservable'
import { useOutbox } from './useOutbox'
import { useSession } from './useSession'

/** My open tasks; those answered here but not yet settled by the server are apart. */
export const useMyTasks = once(() => {
  const { session } = useSession()
  const { all: tasks } = useDocuments('task')
  const { items } = useOutbox()

  const mine = computed(() =>
    tasks.value.filter(
      (task) =>
        task.state === 'open' &&
        (task.user === session.value?.user ||
          task.post === session.value?.post ||
          (task.org !== null && task.org === session.value?.org)),
    ),
  )
  const answered = computed(
    () =>
      new Set(
        items.value.flatMap((item) => {
          const task = actIn(item)?.task
          return task && item.state !== 'refused' && item.state !== 'replaced' ? [task] : []
        }),
      ),
  )
  return {
    open: computed(() => mine.value.filter((task) => !answered.value.has(task.id))),
    answering: computed(() => mine.value.filter((task) => answered.value.has(task.id))),
  }
})
