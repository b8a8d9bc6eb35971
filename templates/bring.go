package templates

// AdminBring is what the page for bringing numbers shows. It posts to /admin/bring.
type AdminBring struct {
	Message string
	// What was typed, to be shown again.
	Addresses, Service, Code, Host, Label, Kind, Pages string
	// Adding are the addresses whose counters go up by one when they are read. If there are
	// any, the page asks whether to read them all the same.
	Adding []string
	// Redis is where the keys of other programs can be read. Empty if nowhere.
	Redis string
}

// AdminBringPlan is what would be brought. It posts to /admin/bring/add.
type AdminBringPlan struct {
	// Message says why there is nothing to show. Empty if there is.
	Message string
	// Rows are the numbers, Sites what is added to sites along with their pages.
	Rows, Sites []AdminBringRow
	// Count is how many of the rows would be brought, Added how much in all.
	Count int
	Added int64
	// Plan is what the form sends back. Empty if there is nothing to bring.
	Plan     string
	Failures []AdminBringFailure
}

// AdminBringRow is a number of another service, with the counter here.
type AdminBringRow struct {
	From string
	AdminName
	There, Here, Added, After int64
	// Since is when its history begins. Empty if it has none.
	Since string
}

// AdminBringFailure is what can't be brought, and why.
type AdminBringFailure struct {
	From, Why string
}

// AdminBringDone is what was brought.
type AdminBringDone struct {
	Brought  int
	Added    int64
	Rows     []AdminBringRow
	Failures []AdminBringFailure
}

// AdminBring returns the page for bringing numbers.
func (p *Pages) AdminBring(data AdminBring) ([]byte, error) { return p.admin("bring", data) }

// AdminBegin returns the beginning of a page that shows its progress. [Pages.AdminProgress]
// continues the page, and AdminBringPlan or AdminBringDone ends it.
func (p *Pages) AdminBegin(title string) ([]byte, error) {
	return render(p.all.Lookup("admin-begin"), title)
}

// AdminProgress returns a line that says how far the page is, and hides the line before.
func (p *Pages) AdminProgress(text string) ([]byte, error) {
	return render(p.all.Lookup("admin-progress"), text)
}

// AdminBringPlan returns the rest of a page with what would be brought.
func (p *Pages) AdminBringPlan(data AdminBringPlan) ([]byte, error) {
	return render(p.all.Lookup("admin-bring-plan"), data)
}

// AdminBringDone returns the rest of a page with what was brought.
func (p *Pages) AdminBringDone(data AdminBringDone) ([]byte, error) {
	return render(p.all.Lookup("admin-bring-done"), data)
}
