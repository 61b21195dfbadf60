using Countersign.Domain;

namespace Countersign.Tests.Domain;

/// <summary>Every purpose that there is, by name.</summary>
static class Purposes
{
    public static readonly Purpose AddingEmail = new(Operation.AddingKey, KeyType.Email);
    public static readonly Purpose AddingPhoneNumber = new(Operation.AddingKey, KeyType.PhoneNumber);
    public static readonly Purpose ChangingEmail = new(Operation.ChangingKey, KeyType.Email);
    public static readonly Purpose ChangingPhoneNumber = new(Operation.ChangingKey, KeyType.PhoneNumber);
    public static readonly Purpose ChangingToNewEmail = new(Operation.ChangingNewKey, KeyType.Email);
    public static readonly Purpose ChangingToNewPhoneNumber = new(Operation.ChangingNewKey, KeyType.PhoneNumber);
    public static readonly Purpose RemovingEmail = new(Operation.RemovingKey, KeyType.Email);
    public static readonly Purpose RemovingPhoneNumber = new(Operation.RemovingKey, KeyType.PhoneNumber);
    public static readonly Purpose AddingAntiPhishing = new(Operation.AddingAntiPhishing, null);
    public static readonly Purpose ChangingAntiPhishing = new(Operation.ChangingAntiPhishing, null);
    public static readonly Purpose EnablingMfaOfEmail = new(Operation.EnablingMfa, KeyType.Email);
    public static readonly Purpose EnablingMfaOfPhoneNumber = new(Operation.EnablingMfa, KeyType.PhoneNumber);
    public static readonly Purpose DisablingMfaOfEmail = new(Operation.DisablingMfa, KeyType.Email);
    public static readonly Purpose DisablingMfaOfPhoneNumber = new(Operation.DisablingMfa, KeyType.PhoneNumber);

    public static readonly Purpose[] All =
    [
        AddingEmail, AddingPhoneNumber, ChangingEmail, ChangingPhoneNumber, ChangingToNewEmail, ChangingToNewPhoneNumber,
        RemovingEmail, RemovingPhoneNumber, AddingAntiPhishing, ChangingAntiPhishing,
        EnablingMfaOfEmail, EnablingMfaOfPhoneNumber, DisablingMfaOfEmail, DisablingMfaOfPhoneNumber,
    ];
}
