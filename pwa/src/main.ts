import { createApp } from 'vue'
import App from './App.vue'
import { startClient } from './client'
import { askToBeWoken, registerServiceWorker } from './composables/useServiceWorker'
import { router } from './router'
import './styles/tokens.css'
import './styles/base.css'

async function start(): Promise<void> {
  const client = await startClient()
  createApp(App).use(router).mount('#app')
  registerServiceWorker(() => void client.sync.flush(true))
  let waiting = 0
  client.status.subscribe(({ queued }) => {
    if (queued > waiting) void askToBeWoken()
    waiting = queued
  })
  await client.session.restore()
  await Promise.all([client.sync.flush(true), client.sync.pull()])
}

start().catch((error: unknown) => {
  console.error(error)
  const page = document.querySelector('#app')
  if (page && !page.childElementCount) {
    page.textContent =
      '这台设备现在不能保存数据，巡格打不开。请退出无痕模式、清出一些存储空间，或换一个浏览器再试。'
  }
})
