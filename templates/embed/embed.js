// Counts the views of the page it is on, and shows them. No cookie, no third party.
//   <script src="https://views.example.org/embed.js" defer></script>
//   <span data-views></span>
(() => {
  if (window.views?.count) return // a second script on the page
  const keep = [/*KEEP_QUERY*/]
  const script = document.currentScript ?? document.querySelector('script[src*="/embed.js"]')
  const source = script?.src || Error().stack?.match(/https?:[^\s)]+\/embed\.js/)?.[0] // an imported module has no script
  if (!source) return
  const base = new URL('.', source).href
  const local = /^(127\..*|\[::1\]|(.*\.)?localhost|)$/.test(location.hostname) && !script?.hasAttribute('data-local')
  const canonical = () => document.querySelector('link[rel=canonical]')?.href || location.href
  let current // the address of the page

  const skip = () => {
    try {
      if (location.hash == '#views-skip') localStorage.setItem('views-skip', 1)
      if (location.hash == '#views-count') localStorage.removeItem('views-skip')
      return localStorage.getItem('views-skip')
    } catch {} // storage is forbidden here
  }

  const ask = async (path, method) => {
    const answer = await fetch(base + path, { method, keepalive: true, credentials: 'omit', referrerPolicy: 'no-referrer' })
    if (!answer.ok) throw Error(`views: ${answer.status}`)
    return answer.json()
  }
  const resolve = address => 'api/v1/views/' + encodeURIComponent(new URL(address ?? current ?? canonical(), location).href)
  const get = name => ask(name ? 'api/v1/views/' + encodeURIComponent(name) : resolve())
  const count = address => ask(resolve(address), skip() || local || self != top ? 'GET' : 'POST')

  const elements = (more = '') => [...document.querySelectorAll(`[data-views]${more}`)]
  const show = (name, value, atLeast) => {
    for (const element of elements())
      if (element.dataset.views == name && (value ?? atLeast) != null)
        element.textContent = value?.toLocaleString() ?? `≥ ${atLeast.toLocaleString()}`
  }

  let streams = []
  const silence = () => streams.splice(0).forEach(stream => stream.close())
  const listen = () => {
    silence()
    for (const name of new Set(elements('[data-live]').map(element => element.dataset.views))) {
      if (name == 'site') continue
      const stream = new EventSource(base + 'events/' + encodeURIComponent(name || current))
      stream.onmessage = event => show(name, JSON.parse(event.data).value)
      streams.push(stream)
    }
  }

  let latest = 0
  const view = async address => {
    const turn = ++latest
    current = address
    try {
      const { value, atLeast, site } = await count(address)
      if (turn != latest) return // another page of this site is shown by now
      show('', value, atLeast)
      show('site', site)
      for (const name of new Set(elements().map(element => element.dataset.views)))
        if (name && name != 'site') get(name).then(({ value }) => show(name, value), () => {})
      listen()
    } catch {} // the server is away: nothing is shown
  }

  // The server's normal form of an address, as far as it takes to tell pages apart.
  const normal = () => {
    const query = new URLSearchParams(location.search)
    return location.pathname.replace(/(\/index\.html|\/)+$/, '') + keep.map(name => [name, query.getAll(name)])
  }
  let place = normal()
  const moved = counts => {
    const before = place
    place = normal()
    if (counts && place != before) view(location.href)
  }
  if (window.navigation)
    navigation.addEventListener('currententrychange', ({ navigationType: type }) => moved(type && type != 'replace'))
  else {
    for (const name of ['pushState', 'replaceState']) {
      const original = history[name]
      history[name] = function (...args) {
        original.apply(this, args)
        moved(name == 'pushState')
      }
    }
    addEventListener('popstate', () => moved(true))
  }
  addEventListener('pagehide', silence)
  addEventListener('pageshow', event => event.persisted && view(current))

  window.views = { count, get }
  const start = () => view(canonical())
  const once = { once: true }
  if (document.prerendering) document.addEventListener('prerenderingchange', start, once)
  else if (document.readyState == 'loading') document.addEventListener('DOMContentLoaded', start, once)
  else start()
})()
