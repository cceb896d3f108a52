namespace Nitro.Libp2p.Addresses;

/// <summary>One part of a multiaddr: its protocol and the bytes of its value, which are empty for those that have none.</summary>
public readonly record struct AddressPart(AddressProtocol Protocol, ReadOnlyMemory<byte> Value);
