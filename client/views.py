"""The views: ways to address the engines of a cluster."""

from ipcluster.client.balancedview import LoadBalancedView as LoadBalancedView
from ipcluster.client.broadcast import BroadcastView as BroadcastView
from ipcluster.client.directview import DirectView as DirectView
from ipcluster.client.view import View as View
