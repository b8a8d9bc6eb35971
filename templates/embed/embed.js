/* Counts the views of the page it is on, and shows them. No cookie, no third party. */
(() => {
  const mark = Symbol.for('views')
  // A module has no element of its own: its address stands in the stack.
  const base = (document.currentScript?.src ?? Error().stack)?.match(/https?:[^\s)?]+\/(?=embed\.js)/)?.[0]
  if (window[mark] || !base) return // a second script on the page
  const keep = [/*KEEP_QUERY*/]
  const local = /^(127(\.\d+){3}|0\.0\.0\.0|\[::1?\]|(.*\.)?localhost|)$/.test(location.hostname) && !document.querySelector('script[data-local]')
  const canonical = () => document.querySelector('link[rel~=canonical]')?.href || location.href
  const when = (waits, event) => new Promise(resolve => (waits ? document.addEventListener(event, resolve) : resolve()))
  const seen = when(document.prerendering, 'prerenderingchange')
  const elements = () => document.querySelectorAll('[data-views]')
  const streams = new Map()
  let texts // of the elements, by name; undefined until there is one
  let current // the address of the page
  let latest // the last time that a page was shown
  let place, first, firstPlace // first is the address at firstPlace

  const skip = () => {
    const { hash } = location
    try {
      if (hash == '#views-skip') localStorage.setItem('views-skip', 1)
      if (hash == '#views-count') localStorage.removeItem('views-skip')
      return localStorage.getItem('views-skip')
    } catch {
      return hash == '#views-skip' // storage is forbidden here
    }
  }

  const url = (path, name) => base + path + encodeURIComponent(name ? (name[0] == '/' ? new URL(name, location).href : name) : current ?? canonical())
  const ask = async (name, method) => {
    const answer = await fetch(url('api/v1/views/', name), { method, keepalive: true, credentials: 'omit', referrerPolicy: 'no-referrer' })
    if (!answer.ok) throw Error(`views: ${answer.status}`)
    return answer.json()
  }
  const get = name => ask(name)
  const count = async path => {
    await seen
    return ask(path && new URL(path, location).href, skip() || local || self != top ? 'GET' : 'POST')
  }

  const put = (name, { value, atLeast }) => {
    const number = value ?? atLeast
    if (number != null) texts?.set(name, (value == null ? '≥ ' : '') + number.toLocaleString())
    fill()
  }
  const fill = () => {
    for (const element of texts ? elements() : []) {
      const { views: name, live } = element.dataset
      if (name && name != 'site' && !texts.has(name)) {
        texts.set(name)
        get(name).then(answer => put(name, answer), () => {})
      }
      const text = texts.get(name)
      if (text && element[mark] != text) element.textContent = element[mark] = text
      if (live != null && !document.hidden && !streams.has(name)) {
        const stream = new EventSource(name == 'site' ? url('events/') + '?site' : url('events/', name))
        stream.onmessage = event => put(name, JSON.parse(event.data))
        streams.set(name, stream)
      }
    }
  }
  const silence = () => {
    streams.forEach(stream => stream.close())
    streams.clear()
  }
  const view = async address => {
    const turn = (latest = {})
    silence()
    for (const element of current != address ? elements() : [])
      if (element[mark] && !element.dataset.views) element.textContent = element[mark] = '' // the number of another page
    texts = undefined
    const answer = await count((current = address)).catch(error => error)
    if (turn != latest || answer instanceof TypeError) return // another page is shown, or the server is away
    texts = new Map()
    put('site', { value: answer.site })
    put('', answer)
  }

  // The server's normal form of the path and the query.
  const normal = () => {
    const query = new URLSearchParams(location.search)
    for (const name of [...query.keys()]) if (!keep.includes(name)) query.delete(name)
    query.sort()
    const path = location.pathname.replace(/%../g, code => {
      const char = unescape(code)
      return char > ' ' && char < '\x7f' && !'#%/?\\'.includes(char) ? char : code.toUpperCase()
    })
    return path.replace(/(\/index\.html|\/)*$/, '?') + query
  }
  const moved = counts => {
    if (place != (place = normal()) && counts && current) view(place == firstPlace ? first : location.href)
  }
  if (window.navigation?.updateCurrentEntry)
    navigation.addEventListener('currententrychange', ({ navigationType: type }) => moved(type && type != 'replace'))
  else {
    for (const name of ['pushState', 'replaceState']) {
      const original = history[name]
      history[name] = (...args) => {
        original.apply(history, args)
        moved(name == 'pushState')
      }
    }
    addEventListener('popstate', moved)
  }
  addEventListener('hashchange', skip)
  addEventListener('pagehide', silence)
  addEventListener('pageshow', event => event.persisted && view(current))
  document.addEventListener('visibilitychange', () => (document.hidden ? silence() : fill()))
  new MutationObserver(fill).observe(document, { childList: true, subtree: true, attributeFilter: ['data-views'] })

  const api = (window[mark] = { count, get })
  if (!Object.hasOwn(window, 'views')) window.views = api
  when(document.readyState == 'loading', 'DOMContentLoaded')
    .then(() => seen)
    .then(() => {
    place = firstPlace = normal()
    view((first = canonical()))
  })
})()
