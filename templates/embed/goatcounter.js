  const goat = (window.goatcounter ||= {})
  try {
    Object.assign(goat, JSON.parse((tag ?? document.querySelector('script[data-goatcounter]')).dataset.goatcounterSettings))
  } catch {} // there are none
  const path = given => {
    const { pathname, search } = new URL(here())
    const wanted = given?.path ?? goat.path
    return typeof wanted == 'function' ? wanted(pathname + search) : wanted
  }
  const address = path => location.origin + '/' + path.replace(/^\/+/, '')
  Object.assign(goat, {
    // A path of null says not to count.
    count: given => {
      const wanted = path(given)
      if (wanted === null) return
      const asks = given?.event ? views.count ?? ask : views.visit
      asks(wanted ? address(String(wanted)) : here()).catch(() => {}) // the counter is away
    },
    url: given => `${base}count?p=${encodeURIComponent(path(given) || new URL(here()).pathname)}`,
    filter: () => (skip() || local || self != top ? 'not counted' : false),
    bind_events: () => {
      for (const element of document.querySelectorAll('[data-goatcounter-click]')) {
        if (element[loaded]) continue
        element[loaded] = true
        element.addEventListener('click', () => goat.count({ event: true, path: element.dataset.goatcounterClick || element.name || element.id }))
      }
    },
    visit_count: given => {
      const image = new Image()
      image.alt = 'views'
      image.referrerPolicy = 'origin' // says whose path it is
      image.src = `${base}counter/${encodeURIComponent(given?.path || path(given) || new URL(here()).pathname)}.svg`
      ready.then(() => (document.querySelector(given?.append || 'body') ?? document.body).append(image))
    },
  })
  ready.then(goat.bind_events)
  if (!goat.no_onload) opened(() => goat.count())
