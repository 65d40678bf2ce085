import { createRouter, createWebHistory } from 'vue-router'
import HomeScreen from '@/screens/HomeScreen.vue'
import ReportScreen from '@/screens/ReportScreen.vue'
import SignInScreen from '@/screens/SignInScreen.vue'
import { useSession } from '@/composables/useSession'
import { useVault } from '@/composables/useVault'

declare module 'vue-router' {
  interface RouteMeta {
    /** Shows the main navigation. */
    tabs?: boolean
    /** Needs this permission; without it the visitor lands on their own first screen. */
    permission?: string
    open?: boolean
    /** Works while the device's data are behind the PIN. */
    keyless?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/sign-in', component: SignInScreen, meta: { open: true, keyless: true } },
    { path: '/', component: HomeScreen, meta: { tabs: true, permission: 'case.report' } },
    {
      path: '/report',
      component: ReportScreen,
      meta: { permission: 'case.report', keyless: true },
    },
    {
      path: '/register',
      component: () => import('@/screens/RegisterScreen.vue'),
      meta: { permission: 'case.register' },
    },
    {
      path: '/outbox',
      component: () => import('@/screens/OutboxScreen.vue'),
      meta: { keyless: true },
    },
    { path: '/pin', component: () => import('@/screens/PinScreen.vue') },
    { path: '/tasks', component: () => import('@/screens/TasksScreen.vue'), meta: { tabs: true } },
    {
      path: '/reviews',
      component: () => import('@/screens/ReviewsScreen.vue'),
      meta: { tabs: true },
    },
    {
      path: '/hand-over',
      component: () => import('@/screens/HandOverScreen.vue'),
      meta: { permission: 'case.hand_over' },
    },
    { path: '/reports', component: () => import('@/screens/ReportsScreen.vue') },
    {
      path: '/cases/:id?',
      component: () => import('@/screens/DeskScreen.vue'),
      meta: { tabs: true },
    },
    { path: '/case/:id', component: () => import('@/screens/CaseScreen.vue') },
    { path: '/map', component: () => import('@/screens/MapScreen.vue'), meta: { tabs: true } },
    {
      path: '/settings/devices',
      component: () => import('@/screens/settings/DevicesScreen.vue'),
      meta: { tabs: true, permission: 'admin.security' },
    },
    {
      path: '/settings/kept',
      component: () => import('@/screens/settings/KeptScreen.vue'),
      meta: { permission: 'admin.system' },
    },
    {
      path: '/settings/:kind?',
      component: () => import('@/screens/settings/SettingsScreen.vue'),
      meta: { tabs: true, permission: 'admin.system' },
    },
    {
      path: '/evaluation',
      component: () => import('@/screens/EvaluationScreen.vue'),
      meta: { tabs: true, permission: 'evaluation.browse' },
    },
    { path: '/me', component: () => import('@/screens/MeScreen.vue'), meta: { tabs: true } },
    {
      path: '/exports',
      component: () => import('@/screens/ExportsScreen.vue'),
      meta: { permission: 'case.export' },
    },
    {
      path: '/registry',
      component: () => import('@/screens/registry/RegistryScreen.vue'),
      meta: { tabs: true, permission: 'person.browse' },
    },
    {
      path: '/registry/:kind(person|room)/new',
      component: () => import('@/screens/registry/RecordFormScreen.vue'),
      meta: { permission: 'person.edit', keyless: true },
    },
    {
      path: '/registry/:kind(person|room)/:id',
      component: () => import('@/screens/registry/RecordScreen.vue'),
      meta: { permission: 'person.browse' },
    },
    {
      path: '/registry/:kind(person|room)/:id/edit',
      component: () => import('@/screens/registry/RecordFormScreen.vue'),
      meta: { permission: 'person.edit' },
    },
    {
      path: '/password',
      component: () => import('@/screens/PasswordScreen.vue'),
      meta: { keyless: true },
    },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  const { session, can, atDesk } = useSession()
  if (to.meta.open) return session.value && to.query.again === undefined ? '/' : true
  if (!session.value) return { path: '/sign-in', query: { to: to.fullPath } }
  if (session.value.must_change_password) return to.path === '/password' ? true : '/password'
  const { missing } = useVault()
  if (missing.value && !to.meta.keyless && to.path !== '/pin') return '/pin'
  if (to.meta.permission && !can(to.meta.permission)) return landing(atDesk.value, can)
  return true
})

/** The first screen of those who do not report. */
function landing(atDesk: boolean, can: (permission: string) => boolean): string {
  if (can('admin.system')) return '/settings'
  if (can('admin.security')) return '/settings/devices'
  if (atDesk) return '/cases'
  return can('person.browse') ? '/registry' : '/me'
}
