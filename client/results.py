"""The results of calls, by the names users know: AsyncResult and its kin."""

from ipcluster.client.asyncresult import AsyncResult as AsyncResult
from ipcluster.client.hubresults import AsyncHubResult as AsyncHubResult
from ipcluster.client.mapresults import AsyncMapResult as AsyncMapResult
