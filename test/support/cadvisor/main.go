// cAdvisor as the kubelet has it: its library, with one collector for Prometheus and no other server.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/cadvisor/lib/cache/memory"
	"github.com/google/cadvisor/lib/container"
	"github.com/google/cadvisor/lib/manager"
	"github.com/google/cadvisor/lib/metrics"
	info "github.com/google/cadvisor/lib/model"
	"github.com/google/cadvisor/lib/utils/sysfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/utils/clock"
)

// Usage: cadvisor <address to listen on> <prefix of the cgroups to list>
func main() {
	interval, isDynamic := time.Second, false
	housekeeping := manager.HousekeepingConfig{Interval: &interval, AllowDynamic: &isDynamic}
	kinds := container.MetricSet{container.CpuUsageMetrics: {}, container.MemoryUsageMetrics: {}}
	cache := memory.New(time.Minute, nil)
	cadvisor, err := manager.New(
		cache, sysfs.NewRealSysFs(), housekeeping, kinds, os.Args[2:], nil, "", 0)
	if err != nil {
		log.Fatal(err)
	}
	if err := cadvisor.Start(); err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	options := info.RequestOptions{IdType: info.TypeName, Count: 1, Recursive: true}
	registry.MustRegister(metrics.NewPrometheusCollector(
		cadvisor, metrics.DefaultContainerLabels, kinds, clock.RealClock{}, options))
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
