package templates

// AdminMove is what is asked before a counter is renamed, or merged with another.
type AdminMove struct {
	From, To AdminName
	// Typed is what the form sends back for To.
	Typed string
	Place AdminPlace
	// Alias says that the old name goes on counting for the new one.
	Alias bool
	// Moved is the value that moves. Before and After are those of To.
	Moved, Before, After int64
	// Pages is how many pages move with their site.
	Pages int
}

// AdminAliases is what the list of aliases shows.
type AdminAliases struct {
	Notice string
	Rows   []AdminAlias
	// Most is how many there can be.
	Most int
}

// AdminAlias is an old name that counts for a new one.
type AdminAlias struct {
	From, To AdminName
	Since    string
}

// AdminMove returns the page that asks before a counter is renamed.
func (p *Pages) AdminMove(data AdminMove) ([]byte, error) { return p.admin("move", data) }

// AdminAliases returns the list of aliases.
func (p *Pages) AdminAliases(data AdminAliases) ([]byte, error) { return p.admin("aliases", data) }
