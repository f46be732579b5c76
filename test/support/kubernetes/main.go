// Renders a kustomization and prints its objects as JSON, once each was decoded by the types of the
// Kubernetes API, in which every key must be known.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	strict "sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var types = map[string]func() any{
	"v1/Namespace":                        func() any { return &core.Namespace{} },
	"v1/ServiceAccount":                   func() any { return &core.ServiceAccount{} },
	"v1/ConfigMap":                        func() any { return &core.ConfigMap{} },
	"v1/Service":                          func() any { return &core.Service{} },
	"apps/v1/DaemonSet":                   func() any { return &apps.DaemonSet{} },
	"monitoring.coreos.com/v1/PodMonitor": func() any { return &monitoring.PodMonitor{} },
}

func main() {
	objects, err := render(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(objects)
}

func render(folder string) ([]any, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	objects := []any{}
	for _, resource := range resources.Resources() {
		kind := resource.GetApiVersion() + "/" + resource.GetKind()
		make, isKnown := types[kind]
		if !isKnown {
			return nil, fmt.Errorf("no type for %s", kind)
		}
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		// As the API server does, and unlike encoding/json, by the case of each letter.
		unknown, err := strict.UnmarshalStrict(text, make())
		if err = errors.Join(append(unknown, err)...); err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, resource.GetName(), err)
		}
		object, err := resource.Map()
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}
