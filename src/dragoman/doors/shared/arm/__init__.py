"""Azure Resource Manager's manners, for every service that is managed through it: paths, documents, errors, lists.

    ids       a path to the resource it names
    store     resources as documents of the kernel
    odata     the filters that lists take
    errors    refusals in ARM's words

Which resources there are, and what comes of making one, is each service's own affair. Nothing is checked of what ARM
checks elsewhere: subscriptions and resource groups are there as soon as somebody names them, any api-version is right.
"""
