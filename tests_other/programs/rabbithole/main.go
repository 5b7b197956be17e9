// rabbit-hole, the client of the management API that Terraform's provider stands on: makes, reads and destroys what that
// provider manages. Arguments: HOST:PORT, and a name for all that is made. Prints one line per thing that worked.
package main

import (
	"fmt"
	"net/http"
	"os"
	"sort"

	rabbithole "github.com/michaelklishin/rabbit-hole/v2"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func status(answer *http.Response, err error) int {
	must(err)
	answer.Body.Close()
	return answer.StatusCode
}

func main() {
	address, name := os.Args[1], os.Args[2]
	client, err := rabbithole.NewClient("http://"+address, "guest", "guest")
	must(err)
	overview, err := client.Overview()
	must(err)
	fmt.Println("overview", overview.RabbitMQVersion)

	vhost := name + "-vhost"
	fmt.Println("vhost", status(client.PutVhost(vhost, rabbithole.VhostSettings{})))
	user := rabbithole.UserSettings{
		Name:             name,
		PasswordHash:     rabbithole.Base64EncodedSaltedPasswordHashSHA256("secret"),
		HashingAlgorithm: rabbithole.HashingAlgorithmSHA256,
		Tags:             rabbithole.UserTags{"management", "policymaker"},
	}
	fmt.Println("user", status(client.PutUser(name, user)))
	all := rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"}
	fmt.Println("permissions", status(client.UpdatePermissionsIn(vhost, name, all)))
	topics := rabbithole.TopicPermissions{Exchange: "amq.topic", Write: "^a", Read: "^b"}
	fmt.Println("topics", status(client.UpdateTopicPermissionsIn(vhost, name, topics)))
	fmt.Println("limits", status(client.PutVhostLimits(vhost, rabbithole.VhostLimitsValues{"max-queues": 5})))
	fmt.Println("limits", status(client.PutUserLimits(name, rabbithole.UserLimitsValues{"max-channels": 9})))

	own, err := rabbithole.NewClient("http://"+address, name, "secret")
	must(err)
	whoami, err := own.Whoami()
	must(err)
	fmt.Println("whoami", whoami.Name, whoami.Tags)
	fmt.Println("exchange", status(own.DeclareExchange(vhost, "e", rabbithole.ExchangeSettings{Type: "topic", Durable: true})))
	queue := rabbithole.QueueSettings{Durable: true, Arguments: map[string]interface{}{"x-max-priority": 5}}
	fmt.Println("queue", status(own.DeclareQueue(vhost, "q", queue)))
	binding := rabbithole.BindingInfo{Source: "e", Vhost: vhost, Destination: "q", DestinationType: "queue", RoutingKey: "a.#"}
	fmt.Println("binding", status(own.DeclareBinding(vhost, binding)))
	bindings, err := own.ListQueueBindingsBetween(vhost, "e", "q")
	must(err)
	fmt.Println("bindings", len(bindings), bindings[0].PropertiesKey)
	policy := rabbithole.Policy{Pattern: "^q", ApplyTo: "queues", Priority: 1, Definition: rabbithole.PolicyDefinition{"max-length": 3}}
	fmt.Println("policy", status(own.PutPolicy(vhost, "p", policy)))
	operator := rabbithole.OperatorPolicy{Pattern: "^q", ApplyTo: "queues", Definition: rabbithole.PolicyDefinition{"max-length": 2}}
	fmt.Println("operator policy", status(client.PutOperatorPolicy(vhost, "o", operator)))
	found, err := own.GetQueue(vhost, "q")
	must(err)
	fmt.Println("found", found.Name, found.Policy, found.Messages)
	users, err := client.ListUsers()
	must(err)
	names := []string{}
	for _, each := range users {
		if each.Name == name {
			names = append(names, each.Name)
		}
	}
	sort.Strings(names)
	fmt.Println("users", names)
	definitions, err := client.ListDefinitions()
	must(err)
	fmt.Println("definitions", definitions.TopicPermissions != nil)
	_, err = own.ListUsers()
	fmt.Println("refused", err != nil)
	fmt.Println("destroyed", status(own.DeleteBinding(vhost, bindings[0])), status(own.DeletePolicy(vhost, "p")),
		status(own.DeleteQueue(vhost, "q")), status(client.DeleteUser(name)), status(client.DeleteVhost(vhost)))
}
