package dist

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"fmt"
	"slices"
	"strings"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"example.com/herokuapp/tools/internal/program"
)

// inventory is the modules that the programs of a version are made of: its bill of materials.
type inventory struct {
	source  program.Source
	modules map[string]string // the version of each
}

func newInventory(source program.Source) *inventory {
	return &inventory{source, map[string]string{}}
}

// add adds the modules that a program's build information names.
func (i *inventory) add(binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	i.modules["std"] = strings.TrimPrefix(info.GoVersion, "go")
	for _, module := range info.Deps {
		version := module.Version
		if strings.HasPrefix(module.Path, i.source.Path+"/") {
			version = i.source.Version // the workspace's modules share it
		} else if module.Replace != nil {
			return fmt.Errorf("the program has another %s than its version says: %s", module.Path, module.Replace.Path)
		}
		i.modules[module.Path] = version
	}
	return nil
}

// encode returns the bill of materials in CycloneDX's JSON.
func (i *inventory) encode() ([]byte, error) {
	main := component(cyclonedx.ComponentTypeApplication, i.source.Path+"/app", i.source.Version)
	main.Name = Name
	var components []cyclonedx.Component
	var refs []string
	for path, version := range i.modules {
		c := component(cyclonedx.ComponentTypeLibrary, path, version)
		components, refs = append(components, c), append(refs, c.BOMRef)
	}
	slices.SortFunc(components, func(a, b cyclonedx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	slices.Sort(refs)

	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Timestamp: i.source.Time.Format(time.RFC3339), Component: &main}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var text bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON).SetPretty(true)
	if err := encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// component returns a Go module. Its reference is its package URL.
func component(kind cyclonedx.ComponentType, path, version string) cyclonedx.Component {
	url := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return cyclonedx.Component{Type: kind, Name: path, Version: version, BOMRef: url, PackageURL: url}
}
